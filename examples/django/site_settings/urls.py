"""Which view answers which path: the only routes of the example project."""
from django.urls import path

from guestbook import views

urlpatterns = [
    path("", views.home),
    path("entries", views.entries),
    path("export", views.export),
]
