"""Addresses of the console's pages on governance.

A slug cannot hold a slash, so what is beside the things of a list has `-/` before it.
"""

from django.urls import include, path

from governance.ui import policies, policy_versions, projects, signing_in

app_name = "governance"

_POLICY = "policies/<slug:policy>/"

pages = [
    path("policies/", policies.policy_list, name="policy_list"),
    path("policies/-/new/", policies.policy_new, name="policy_new"),
    path(_POLICY, policies.policy, name="policy"),
    path(f"{_POLICY}check/", policies.policy_check, name="policy_check"),
    path(f"{_POLICY}publish/", policy_versions.policy_publish, name="policy_publish"),
    path(f"{_POLICY}retire/", policy_versions.policy_retire, name="policy_retire"),
    path(f"{_POLICY}history/", policy_versions.policy_history, name="policy_history"),
    path(f"{_POLICY}versions/<int:number>/", policy_versions.policy_version, name="policy_version"),
]

urlpatterns = [
    path("", signing_in.home, name="home"),
    path("sign-in/", signing_in.sign_in, name="sign_in"),
    path("sign-out/", signing_in.sign_out, name="sign_out"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("p/<slug:slug>/", include(pages)),
]
