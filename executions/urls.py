"""Addresses of executions: the REST contract."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("executions.api.urls")),
]
