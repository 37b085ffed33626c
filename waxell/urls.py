"""Every address of Waxell; the apps name their own."""

from django.urls import URLPattern, URLResolver, include, path

from waxell import health, style_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.live, name="healthz"),
    path("style/", style_page.show, name="style_page"),
    path("", include("governance.urls")),
    path("", include("executions.urls")),
]
