"""Addresses of governance: the REST contract."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("governance.api.urls")),
]
