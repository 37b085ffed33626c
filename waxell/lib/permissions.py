"""The permission of a REST view that names none."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Nobody(BasePermission):
    """Default-deny: a view that forgot to say who may call it answers nobody."""

    # REST framework reads this class while its module of views is still loading: `view` stays untyped.
    def has_permission(self, request: Request, view: Any) -> bool:
        return False
