.venv/bin/python -m pytest -c pytest.ini test_chart.py
