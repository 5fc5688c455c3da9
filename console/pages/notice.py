"""What a page says after a change: a note, or one that offers to take a small change back."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html

UNDO = '{} <button class="btn btn-sm" type="button" data-undo="{}">Undo</button>'


def done(request: HttpRequest, text: str) -> None:
    messages.success(request, text, extra_tags="ok")


def refused(request: HttpRequest, text: str) -> None:
    messages.error(request, text, extra_tags="err")


def undoable(request: HttpRequest, text: str, undo_url: str) -> None:
    """`undo_url` takes a POST without a body."""
    messages.success(request, format_html(UNDO, text, undo_url), extra_tags="ok")
