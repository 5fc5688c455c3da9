"""CreateFunctionUrlConfig, Get..., Update..., Delete..., ListFunctionUrlConfigs."""

from typing import Any

from functions import names
from functions.access.caller import Caller
from functions.actions import function_url as actions
from functions.api.paging import page
from functions.arn import parse
from functions.models import FunctionUrl


def create_function_url_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    url = actions.create(
        caller,
        parse(request["FunctionName"], request.get("Qualifier"), caller),
        auth_type=request["AuthType"],
        cors=request.get("Cors"),
        invoke_mode=request.get("InvokeMode") or "",
    )
    return _answer(url, "LastModifiedTime")


def get_function_url_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    reference = parse(request["FunctionName"], request.get("Qualifier"), caller)
    return show(actions.find(reference))


def update_function_url_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    url = actions.update(
        caller,
        parse(request["FunctionName"], request.get("Qualifier"), caller),
        auth_type=request.get("AuthType"),
        cors=request.get("Cors"),
        invoke_mode=request.get("InvokeMode"),
    )
    return _answer(url)


def delete_function_url_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.delete(caller, parse(request["FunctionName"], request.get("Qualifier"), caller))
    return {}


def list_function_url_configs(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    function = actions.owner(parse(request["FunctionName"], None, caller))
    rows = function.urls.select_related("function")
    found, more = page(rows, {"qualifier": lambda row: row.qualifier}, request)
    return {"FunctionUrlConfigs": [show(url) for url in found], **more}


def show(url: FunctionUrl) -> dict[str, Any]:
    """The `FunctionUrlConfig` shape."""
    shown = {
        "FunctionUrl": names.function_url(url),
        "FunctionArn": f"{url.function.arn}:{url.qualifier}" if url.qualifier else url.function.arn,
        "AuthType": url.auth_type,
        "CreationTime": names.url_time(url.created_at),
        "LastModifiedTime": names.url_time(url.modified_at),
        "InvokeMode": url.invoke_mode or FunctionUrl.InvokeMode.BUFFERED.value,
    }
    if url.cors:
        shown["Cors"] = url.cors
    return shown


def _answer(url: FunctionUrl, *left_out: str) -> dict[str, Any]:
    """To a create or update AWS shows the invoke mode only when it was ever set."""
    mode = () if url.invoke_mode else ("InvokeMode",)
    return {member: value for member, value in show(url).items() if member not in (*left_out, *mode)}
