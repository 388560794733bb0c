.venv/bin/python -m pytest -c pytest.ini
