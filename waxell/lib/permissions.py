"""The permission of a REST view that names none."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class Nobody(BasePermission):
    """Default-deny: a view that forgot to say who may call it answers nobody."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False
