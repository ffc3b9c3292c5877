"""What people head the columns of their files with, in Russian."""

from typing import Final

CAMERA_COLUMNS: Final = {
    "номер": "number",
    "название": "name",
    "наименование": "name",
    "владелец": "owner",
    "владельцы": "owner",
    "адрес": "address",
    "район": "area",
}
