"""Users, what they are in a chat, their rights, and the links that invite them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

ADMIN_RIGHTS: Final = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip
GROUP_RIGHTS: Final = ("can_pin_messages", "can_manage_tags")
CHANNEL_RIGHTS: Final = ("can_post_messages", "can_edit_messages", "can_manage_direct_messages")
PERMISSIONS: Final = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
    "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
    "can_send_other_messages", "can_add_web_page_previews", "can_react_to_messages",
    "can_edit_tag", "can_change_info", "can_invite_users", "can_pin_messages",
    "can_manage_topics",
)  # fmt: skip


class User:
    """A user of Telegram: ``id`` is also the identifier of the private chat with the bot."""

    def __init__(
        self,
        user_id: int,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language: str | None = None,
        premium: bool = False,
        phone: str | None = None,
        bio: str | None = None,
    ) -> None:
        self.id = user_id
        self.first_name = first_name
        self.last_name = last_name
        self.username = username
        self.language = language
        self.premium = premium
        self.phone = phone or f"7900{user_id % 10_000_000:07d}"
        self.bio = bio
        self.hidden_forwards = False

    @property
    def name(self) -> str:
        """First name, for reports."""
        return self.first_name

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name

    @property
    def mention(self) -> str:
        """@username."""
        if not self.username:
            raise ValueError(f"{self.name} has no username")
        return f"@{self.username}"

    def to_json(self) -> Json:
        """``User``."""
        data: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        if self.last_name:
            data["last_name"] = self.last_name
        if self.username:
            data["username"] = self.username
        if self.language:
            data["language_code"] = self.language
        if self.premium:
            data["is_premium"] = True
        return data


@dataclass(eq=False, slots=True)
class Member:
    """Status of one user in a chat; ``user`` is the Bot API's ``User``."""

    user: Json
    status: str = "member"  # creator, administrator, member, restricted, left, kicked
    rights: Json | None = None
    title: str | None = None
    tag: str | None = None
    anonymous: bool = False
    until: int = 0
    inside: bool = True  # for "restricted"
    by_bot: bool = False  # promoted by the bot

    @property
    def present(self) -> bool:
        """Is in the chat now."""
        if self.status == "restricted":
            return self.inside
        return self.status in ("creator", "administrator", "member")

    @property
    def is_admin(self) -> bool:
        """Owner or administrator."""
        return self.status in ("creator", "administrator")

    def can(self, right: str) -> bool:
        """Has an administrator right."""
        if self.status == "creator":
            return True
        return self.status == "administrator" and bool((self.rights or {}).get(right))

    def to_json(self) -> Json:
        """``ChatMember``."""
        data: Json = {"status": self.status, "user": self.user}
        if self.status == "creator":
            data["is_anonymous"] = self.anonymous
        elif self.status == "administrator":
            data["can_be_edited"] = self.by_bot
            data["is_anonymous"] = self.anonymous
            data.update(self.rights or {})
        elif self.status == "restricted":
            data["is_member"] = self.inside
            data.update(dict.fromkeys(PERMISSIONS, False) | (self.rights or {}))
            data["until_date"] = self.until
        elif self.status == "kicked":
            data["until_date"] = self.until
        if self.title and self.is_admin:
            data["custom_title"] = self.title
        if self.tag and self.status in ("member", "restricted"):
            data["tag"] = self.tag
        return data


@dataclass(eq=False, slots=True)
class InviteLink:
    """An invite link."""

    url: str
    creator: Json
    name: str | None = None
    expire_date: int | None = None
    member_limit: int | None = None
    join_request: bool = False
    primary: bool = False
    revoked: bool = False
    pending: int = 0

    def to_json(self) -> Json:
        """``ChatInviteLink``."""
        data: Json = {
            "invite_link": self.url,
            "creator": self.creator,
            "creates_join_request": self.join_request,
            "is_primary": self.primary,
            "is_revoked": self.revoked,
        }
        if self.name:
            data["name"] = self.name
        if self.expire_date:
            data["expire_date"] = self.expire_date
        if self.member_limit:
            data["member_limit"] = self.member_limit
        if self.pending:
            data["pending_join_request_count"] = self.pending
        return data
