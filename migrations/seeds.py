"""What a fresh database holds: the first topics, categories and priorities."""

from typing import Final

# code, titles by language; in the order of the menu
TOPICS: Final = (
    ("general", {"ru": "Общие вопросы", "en": "General questions"}),
    ("payment", {"ru": "Оплата", "en": "Payment"}),
    ("picture", {"ru": "Качество изображения", "en": "Picture quality"}),
    ("access", {"ru": "Доступ и приложение", "en": "Access and app"}),
    ("other", {"ru": "Другое", "en": "Other"}),
)

# What tickets of camera faults are about. It is chosen by choosing a camera, not from the menu.
CAMERA_TOPIC: Final = ("camera", {"ru": "Неисправность камеры", "en": "Camera fault"})

# code, titles, whether it makes tasks of diagnosis
CATEGORIES: Final = (
    ("incident", {"ru": "Инцидент", "en": "Incident"}, True),
    ("request", {"ru": "Запрос на обслуживание", "en": "Service request"}, False),
    ("question", {"ru": "Вопрос", "en": "Question"}, False),
    ("complaint", {"ru": "Жалоба", "en": "Complaint"}, False),
)

# code and titles, the most urgent first
PRIORITIES: Final = (
    ("urgent", {"ru": "Срочный", "en": "Urgent"}),
    ("high", {"ru": "Высокий", "en": "High"}),
    ("normal", {"ru": "Обычный", "en": "Normal"}),
    ("low", {"ru": "Низкий", "en": "Low"}),
)
