"""Telling people and programs elsewhere: notices over the routes that ``assay.toml`` declares."""

from __future__ import annotations

from app.notices.delivery import Delivery, deliver, delivered, history
from app.notices.notice import Notice

__all__ = ["Delivery", "Notice", "deliver", "delivered", "history"]
