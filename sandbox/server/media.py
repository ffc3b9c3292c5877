"""Files: storage, upload checks, and the media objects of messages."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from dataclasses import dataclass
from typing import Any, Final

from sandbox.server.errors import ApiError, bad_request
from sandbox.server.images import image_size

Json = dict[str, Any]

DOWNLOAD_LIMIT: Final = 20 << 20
UPLOAD_LIMIT: Final = 50 << 20
PHOTO_LIMIT: Final = 10 << 20

# the word of the error text and the folder of a downloaded file
_KINDS: Final[dict[str, tuple[str, str]]] = {
    "photo": ("Photo", "photos"),
    "document": ("Document", "documents"),
    "video": ("Video", "videos"),
    "animation": ("Animation", "animations"),
    "audio": ("Audio", "music"),
    "voice": ("VoiceNote", "voice"),
    "video_note": ("VideoNote", "video_notes"),
    "sticker": ("Sticker", "stickers"),
    "thumbnail": ("Thumbnail", "thumbnails"),
    "chat_photo": ("ProfilePhoto", "profile_photos"),
    "live_photo": ("LivePhoto", "live_photos"),
}
_DEFAULT_NAME: Final = {
    "photo": ("photo.jpg", "image/jpeg"),
    "document": ("file.bin", "application/octet-stream"),
    "video": ("video.mp4", "video/mp4"),
    "animation": ("animation.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "voice": ("voice.oga", "audio/ogg"),
    "video_note": ("note.mp4", "video/mp4"),
    "sticker": ("sticker.webp", "image/webp"),
    "thumbnail": ("thumb.jpg", "image/jpeg"),
    "chat_photo": ("photo.jpg", "image/jpeg"),
    "live_photo": ("live.mp4", "video/mp4"),
}


@dataclass(slots=True)
class Upload:
    """A file of a multipart request."""

    name: str
    data: bytes
    mime: str | None = None


@dataclass(slots=True)
class StoredFile:
    """A file on the pretended servers."""

    file_id: str
    unique_id: str
    kind: str
    data: bytes
    name: str
    mime: str
    size: int
    path: str
    width: int = 0
    height: int = 0

    def base(self) -> Json:
        """Fields common to all file objects."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": self.size,
        }


class FileStore:
    """All files that were sent or uploaded."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._counter = 0

    def add(
        self,
        kind: str,
        data: bytes,
        *,
        name: str | None = None,
        mime: str | None = None,
        size: int | None = None,
        width: int = 0,
        height: int = 0,
    ) -> StoredFile:
        """Store a file; ``size`` may pretend that it is bigger than ``data``."""
        self._counter += 1
        default_name, default_mime = _DEFAULT_NAME[kind]
        name = name or default_name
        if not mime or mime == "application/octet-stream":
            mime = mimetypes.guess_type(name)[0] or mime or default_mime
        digest = hashlib.sha256(data + f"{kind}{self._counter}".encode()).digest()
        prefix = {"photo": "AgACAgI", "document": "BQACAgI", "video": "BAACAgI"}.get(
            kind, "CQACAgI"
        )
        file_id = prefix + base64.urlsafe_b64encode(digest).decode().rstrip("=")
        suffix = "." + name.rsplit(".", 1)[1] if "." in name else ""
        path = f"{_KINDS[kind][1]}/file_{self._counter}{suffix}"
        stored = StoredFile(
            file_id=file_id,
            unique_id="AQAD" + base64.urlsafe_b64encode(digest[:9]).decode(),
            kind=kind,
            data=data,
            name=name,
            mime=mime,
            size=len(data) if size is None else size,
            path=path,
            width=width,
            height=height,
        )
        self._by_id[file_id] = stored
        self._by_path[path] = stored
        return stored

    def get(self, file_id: str) -> StoredFile | None:
        """File by its identifier."""
        return self._by_id.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        """File by the path that getFile gave."""
        return self._by_path.get(path)

    def from_upload(self, kind: str, upload: Upload) -> StoredFile:
        """Check and store an uploaded file."""
        if not upload.data:
            raise bad_request("file must be non-empty", violation="bad_file")
        limit = PHOTO_LIMIT if kind in ("photo", "chat_photo") else UPLOAD_LIMIT
        if len(upload.data) > limit:
            if kind in ("photo", "chat_photo"):
                raise bad_request(
                    f"too big file for a photo: {len(upload.data)} bytes (photo upload limit)",
                    violation="bad_file",
                )
            raise ApiError(413, "Request Entity Too Large", violation="bad_file")
        width = height = 0
        if kind in ("photo", "chat_photo"):
            size = image_size(upload.data)
            if size is None:
                raise bad_request("IMAGE_PROCESS_FAILED", violation="bad_file")
            width, height = size
            if (
                width + height > 10_000
                or not width
                or not height
                or max(width, height) > 20 * min(width, height)
            ):
                raise bad_request("PHOTO_INVALID_DIMENSIONS", violation="bad_file")
        return self.add(
            kind, upload.data, name=upload.name, mime=upload.mime, width=width, height=height
        )

    def resolve(self, kind: str, value: Any, uploads: dict[str, Upload], field: str) -> StoredFile:
        """File for a parameter: an upload, ``attach://``, a ``file_id``; links are refused."""
        if field in uploads and not (isinstance(value, str) and value.startswith("attach://")):
            return self.from_upload(kind, uploads[field])
        if not isinstance(value, str) or not value:
            raise bad_request(
                f"there is no {kind.replace('_', ' ')} in the request",
                violation="invalid_parameters",
            )
        if value.startswith("attach://"):
            name = value.removeprefix("attach://")
            if name not in uploads:
                raise bad_request(f"can't find the attached file {name!r}", violation="bad_file")
            return self.from_upload(kind, uploads[name])
        if "://" in value:
            # the sandbox has no Internet: the same answer as for an unreachable link
            raise bad_request("failed to get HTTP URL content", violation="file_by_url")
        stored = self._by_id.get(value)
        if stored is None:
            raise bad_request(
                "wrong remote file identifier specified: can't unserialize it",
                violation="bad_file",
            )
        same = stored.kind == kind or {stored.kind, kind} <= {"document", "animation"}
        if not same and not (kind == "document" and stored.kind in ("video", "audio", "voice")):
            raise bad_request(
                f"can't use file of type {_KINDS[stored.kind][0]} as {_KINDS[kind][0]}",
                violation="bad_file",
            )
        return stored


# what a file of a kind says about itself unless more is known
_FACTS: Final[dict[str, Json]] = {
    "video": {"width": 640, "height": 480, "duration": 5},
    "animation": {"width": 320, "height": 240, "duration": 3},
    "audio": {"duration": 30},
    "voice": {"duration": 3},
    "video_note": {"length": 240, "duration": 3},
    "sticker": {
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
    },
}
_NAMED: Final = frozenset({"video", "animation", "audio"})


def media_content(stored: StoredFile, kind: str, extra: Json | None = None) -> Json:
    """The message fields for a file: ``{"photo": [...]}``, ``{"document": {...}}``…"""
    if kind == "photo":
        return {"photo": _photo_sizes(stored)}
    named = {"file_name": stored.name, "mime_type": stored.mime}
    document = stored.base() | named
    if kind not in _FACTS:
        return {"document": document}
    given = {key: value for key, value in (extra or {}).items() if value is not None}
    body = stored.base() | _FACTS[kind] | given
    if kind in _NAMED:
        body |= named
    elif kind == "voice":
        body = {"mime_type": stored.mime} | body
    content = {kind: body}
    if kind == "animation":
        content["document"] = document
    return content


def _photo_sizes(stored: StoredFile) -> list[Json]:
    width, height = stored.width or 1280, stored.height or 960
    sizes = []
    for step, side in (("s", 90), ("m", 320), ("x", 1280)):
        scale = min(1.0, side / max(width, height))
        last = step == "x"
        sizes.append(
            {
                "file_id": stored.file_id,
                "file_unique_id": stored.unique_id + ("" if last else step),
                "width": max(1, round(width * scale)),
                "height": max(1, round(height * scale)),
                "file_size": stored.size if last else max(1, stored.size // 4),
            }
        )
        if scale == 1.0:
            break
    return sizes
