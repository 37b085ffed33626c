"""Files that people send: never more of one than a page can use."""

from typing import IO, Any, Final

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

AT_MOST: Final = 64 * 1024 * 1024
"""Bytes of a request with files. What is sent in a longer one is read past and not kept."""


class BoundedUploads(FileUploadHandler):
    """Stands before the handlers that keep files, and keeps what is too long from them.

    Forms are parsed before anybody has looked who sends them, so the bound holds for strangers too.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.too_long = False

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        self.too_long = content_length > AT_MOST

    def new_file(self, *args: Any, **named: Any) -> None:
        super().new_file(*args, **named)
        if self.too_long:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Keep nothing: the handlers behind do."""


def was_too_long(request: HttpRequest) -> bool:
    """Tell whether files of this request were not kept."""
    return int(request.META.get("CONTENT_LENGTH") or 0) > AT_MOST
