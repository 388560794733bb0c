export PYSTOMP_PASSCODE=secret
python -m pystomp_web.server --root pages --login alice
