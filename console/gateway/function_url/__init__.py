"""Function URLs: HTTP in, an event in payload format 2.0; the function's answer out as HTTP.

Reached by host, `<id>.lambda-url.<region>.<anything>`, or by path, `/_url/<id>/...`, which needs no DNS.
Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from console.gateway.function_url.view import is_addressed, view

__all__ = ["is_addressed", "view"]
