"""Addresses of governance: the REST contract and the console's pages."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("governance.api.urls")),
    path("", include("governance.ui.urls")),
]
