"""The guest book: entries are kept in this process's memory, so each worker has its own."""
import threading

from django.http import HttpResponseNotAllowed, JsonResponse, StreamingHttpResponse
from django.shortcuts import render

# Views run in several threads at once; the list is shared by them.
_lock = threading.Lock()
_entries = []


def home(request):
    return render(request, "guestbook/home.html", {"entries": _snapshot()})


def entries(request):
    """GET tells the entries as JSON; POST adds one from the form field `name`."""
    if request.method == "GET":
        return JsonResponse({"entries": _snapshot()})
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    name = request.POST.get("name", "").strip()
    if not name:
        return JsonResponse({"error": "the field name is empty"}, status=400)
    with _lock:
        _entries.append(name[:100])
        del _entries[:-100]
    return JsonResponse({"added": name[:100]}, status=201)


def export(request):
    rows = (f"{number},{name}\n" for number, name in enumerate(_snapshot(), 1))
    return StreamingHttpResponse(rows, content_type="text/csv")


def _snapshot():
    with _lock:
        return list(_entries)
