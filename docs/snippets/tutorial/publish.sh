.venv/bin/python chart/publish.py
