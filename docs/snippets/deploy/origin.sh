python -m pystomp_web.server --host 0.0.0.0 --allow-origin https://app.example.com
