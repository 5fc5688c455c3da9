"""The map of the console. AWS requests never get here: `console.gateway.middleware` takes them first."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
