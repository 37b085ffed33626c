"""Addresses of executions: the REST contract and the console's pages."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("executions.api.urls")),
    path("", include("executions.ui.urls")),
]
