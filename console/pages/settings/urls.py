"""The map of /settings/: what people change about themselves."""

from django.urls import path
from django.views.generic import RedirectView

from console.pages.settings import appearance, keys, profile, sessions

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="settings-profile"), name="settings"),
    path("profile/", profile.show, name="settings-profile"),
    path("profile/password/", profile.change_password, name="settings-password"),
    path("appearance/", appearance.show, name="settings-appearance"),
    path("keys/", keys.show, name="settings-keys"),
    path("keys/create/", keys.create, name="create-key"),
    path("keys/<str:key>/activate/", keys.activate, name="activate-key"),
    path("keys/<str:key>/deactivate/", keys.deactivate, name="deactivate-key"),
    path("keys/<str:key>/revoke/", keys.revoke, name="revoke-key"),
    path("sessions/", sessions.show, name="settings-sessions"),
    path("sessions/end-others/", sessions.end_others, name="end-other-sessions"),
    path("sessions/<str:number>/end/", sessions.end, name="end-session"),
]
