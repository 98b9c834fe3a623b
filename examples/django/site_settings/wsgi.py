"""What the server loads: `site_settings.wsgi`, whose `application` is Django's WSGI handler."""
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings.settings")

application = get_wsgi_application()
