"""The map of the console. AWS requests never get here: `console.gateway.middleware` takes them first."""

from django.urls import URLPattern, URLResolver, include, path

from console.pages import (
    code,
    configuration,
    create,
    dashboard,
    design,
    download,
    function,
    health,
    invitation,
    invocation,
    invocations,
    logs,
    monitor,
    overview,
    palette,
    record,
    session,
    tail,
    version,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("login/", session.sign_in, name="login"),
    path("logout/", session.sign_out, name="logout"),
    path("account/", session.choose_account, name="account"),
    path("", dashboard.show, name="home"),
    path("invitations/<str:secret>/", invitation.show, name="invitation"),
    path("palette/", palette.entries, name="palette"),
    path("settings/", include("console.pages.settings.urls")),
    path("admin/", include("console.pages.admin.urls")),
    path("design/", design.show, name="design"),
    path("functions/", function.index, name="functions"),
    path("invocations/", invocations.index, name="all-invocations"),
    path("functions/new/", create.create, name="create"),
    # One function. All take ?qualifier=<version or alias>.
    path("functions/<str:name>/", overview.show, name="function"),
    path("functions/<str:name>/code/", code.show, name="code"),
    path("functions/<str:name>/code/file/", code.read_file, name="code-file"),
    path("functions/<str:name>/code/state/", code.state, name="code-state"),
    path("functions/<str:name>/code/deploy/", code.deploy, name="deploy"),
    path("functions/<str:name>/code/download/", code.download, name="download"),
    path("functions/<str:name>/test/", invocation.test, name="test"),
    path("functions/<str:name>/test-events/", invocation.test_events, name="test-events"),
    path("functions/<str:name>/monitor/", monitor.show, name="monitor"),
    path("functions/<str:name>/logs/", logs.show, name="logs"),
    path("functions/<str:name>/logs/live/", tail.show, name="tail"),
    path("functions/<str:name>/logs/tail", tail.stream, name="tail-stream"),
    path("functions/<str:name>/invocations/", invocations.of_function, name="invocations"),
    path("functions/<str:name>/invocations/<uuid:request_id>/", record.show, name="invocation"),
    path("functions/<str:name>/invocations/<uuid:request_id>/rerun/", record.rerun, name="rerun"),
    path("functions/<str:name>/invocations/<uuid:request_id>/save/", record.save_event, name="save-event"),
    path("functions/<str:name>/versions/", version.index, name="versions"),
    path("functions/<str:name>/versions/publish/", version.publish, name="publish"),
    path("functions/<str:name>/versions/<int:number>/delete/", version.delete_version, name="delete-version"),
    path("functions/<str:name>/aliases/<str:alias_name>/", version.alias, name="alias"),
    path("functions/<str:name>/aliases/<str:alias_name>/delete/", version.delete_alias, name="delete-alias"),
    path("functions/<str:name>/throttle/", configuration.throttle, name="throttle"),
    path("functions/<str:name>/config/", configuration.show, name="configuration"),
    path("functions/<str:name>/config/<slug:section>/", configuration.show, name="config-section"),
    path("functions/<str:name>/delete/", configuration.delete, name="delete-function"),
    path("_hearth/packages/<str:token>", download.package, name="package"),
    path("r/", record.find, name="find-request"),
    path("r/<uuid:request_id>", record.resolve, name="request"),
]

handler403 = "console.pages.problems.forbidden"
handler404 = "console.pages.problems.not_found"
handler500 = "console.pages.problems.broken"
