"""What a fresh database holds: the words of the first topics."""

from typing import Final

# code, titles by language; in the order of the menu
TOPICS: Final = (
    ("general", {"ru": "Общие вопросы", "en": "General questions"}),
    ("payment", {"ru": "Оплата", "en": "Payment"}),
    ("picture", {"ru": "Качество изображения", "en": "Picture quality"}),
    ("access", {"ru": "Доступ и приложение", "en": "Access and app"}),
    ("other", {"ru": "Другое", "en": "Other"}),
)
