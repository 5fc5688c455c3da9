"""The map of /admin/: the account's people, and the machine that runs its functions."""

from django.urls import path

from console.pages.admin import api, audit, capacity, concurrency, layout, limits, runtimes, users

urlpatterns = [
    path("", layout.first, name="admin"),
    path("users/", users.show, name="admin-users"),
    path("users/invite/", users.invite, name="invite-user"),
    path("users/invitations/<str:token_hash>/withdraw/", users.withdraw, name="withdraw-invitation"),
    path("users/<int:user_id>/role/", users.set_preset, name="set-preset"),
    path("users/<int:user_id>/disable/", users.disable, name="disable-user"),
    path("users/<int:user_id>/enable/", users.enable, name="enable-user"),
    path("users/<int:user_id>/password-link/", users.password_link, name="password-link"),
    path("limits/", limits.show, name="admin-limits"),
    path("operations/", api.show, name="admin-operations"),
    path("runtimes/", runtimes.show, name="admin-runtimes"),
    path("runtimes/stand-in/", runtimes.choose, name="choose-stand-in"),
    path("concurrency/", concurrency.show, name="admin-concurrency"),
    path("concurrency/recycle/", concurrency.recycle, name="recycle"),
    path("concurrency/nodes/<str:name>/drain/", concurrency.drain, name="drain-node"),
    path("concurrency/nodes/<str:name>/undrain/", concurrency.undrain, name="undrain-node"),
    path("capacity-providers/", capacity.show, name="admin-capacity"),
    path("capacity-providers/new/", capacity.create, name="new-capacity-provider"),
    path("capacity-providers/of/<str:name>/", capacity.edit, name="capacity-provider"),
    path("capacity-providers/of/<str:name>/delete/", capacity.delete, name="delete-capacity-provider"),
    path("audit/", audit.show, name="admin-audit"),
]
