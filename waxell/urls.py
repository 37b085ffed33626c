"""Every address of Waxell; the apps name their own."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from waxell import health, style_page

urlpatterns: list[URLPattern | URLResolver] = [
    # First: the gate is called most, and looking past other addresses costs more than its parsing.
    path("", include("executions.urls")),
    path("healthz", health.live, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    # Outside /api/, so that the console's content security policy covers it.
    path(
        "reference/",
        SpectacularSwaggerSplitView.as_view(url_name="api_schema"),
        name="api_reference",
    ),
    path("style/", style_page.show, name="style_page"),
    path("", include("governance.urls")),
]

handler400 = "waxell.handlers.bad_request"
handler404 = "waxell.handlers.not_found"
handler500 = "waxell.handlers.server_error"
