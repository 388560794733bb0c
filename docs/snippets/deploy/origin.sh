python -m pystomp_web.server --root pages --host 0.0.0.0 --allow-origin https://app.example.com
