"""GET /healthz: 200 when web, broker, database and at least one worker node are up, else 503 with what is missing."""

import redis
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from functions.invoke import nodes


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    missing: dict[str, str] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        missing["database"] = type(error).__name__
    count = 0
    try:
        nodes.broker().ping()
        count = len(nodes.live())
        if not count:
            missing["worker"] = "no worker node is up"
    except redis.RedisError as error:
        missing["broker"] = type(error).__name__
    body = {"status": "missing" if missing else "ok", "missing": missing, "workers": count}
    response = JsonResponse(body, status=503 if missing else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # an answer, not an error of the web server
    return response
