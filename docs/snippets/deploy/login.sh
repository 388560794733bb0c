export PYSTOMP_PASSCODE=secret
python -m pystomp_web.server --login alice
