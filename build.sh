#!/usr/bin/env bash
# The one door: each verb sets up all that it needs, says so in one line a step, and does nothing twice.
#
#   ./build.sh [serve] [ARGS]   serve the pages, the broker and the gateway (arguments go to python -m pystomp_web.server)
#   ./build.sh test [ARGS]      run the tests with coverage of host and browser (arguments go to pytest; with any, no 95 % gate)
#   ./build.sh interop [NAME..] run the tests from a page against real brokers, the named ones or all; ends with a table
#   ./build.sh bench [ARGS]     measure us beside the JavaScript clients (--check compares with what is committed, --help says the rest)
#   ./build.sh docs             build the documentation into build/docs/ and print where to open it
#   ./build.sh check            ruff, ruff format --check, mypy --strict
#   ./build.sh bundle [DIR]     write the pages and all that they need as plain files for any web server, into DIR or build/bundle/
#                               (--connect WS: a broker elsewhere that the pages may connect to)
#   ./build.sh wheel            build build/dist/pystomp_web-VERSION-py3-none-any.whl and print its path
#
# Everything made lies in build/ and .venv/; logs of the steps in build/log/, their stamps in build/stamps/.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
ROOT=$PWD
PY=$ROOT/.venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONDONTWRITEBYTECODE=

say() { printf '%s\n' "$*" >&2; }
die() {
  say "build.sh: $*"
  exit 1
}

# ---------------------------------------------------------------------------------------------- steps

hash_of() { # a key of the files (folders: all files in them) and words given
  local item
  for item in "$@"; do
    if [ -d "$item" ]; then
      find "$item" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 cksum
    elif [ -f "$item" ]; then
      cksum "$item"
    else
      printf '%s\n' "$item"
    fi
  done | cksum | tr -d ' '
}

# step NAME KEY RESULT FUNCTION: run FUNCTION with its output in a log, unless RESULT exists and was made for the same KEY
# (RESULT "": run it each time).
step() {
  local name=$1 key=$2 result=$3 function=$4 stamp=build/stamps/$1 log=build/log/$1.log
  if [ -n "$result" ] && [ -e "$result" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
    say "[$name] up to date"
    return
  fi
  local started=$SECONDS
  rm -f "$stamp"
  # Not in an `if` or `&&`, here and in the callers: bash would then ignore set -e inside the function.
  set +e
  (
    set -e
    $function
  ) >"$log" 2>&1 </dev/null
  local code=$?
  set -e
  if [ $code -ne 0 ]; then
    say "[$name] failed, the end of $log:"
    tail -n 25 "$log" >&2
    exit 1
  fi
  printf '%s' "$key" >"$stamp"
  say "[$name] done ($((SECONDS - started)) s)"
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  die "no Python 3.11 or newer with venv on PATH. Install one (Debian, Ubuntu: apt-get install python3 python3-venv;" \
    "macOS: brew install python) or name it: PYTHON=/path/to/python3 ./build.sh"
}

make_packages() {
  if ! "$PY" -c '' 2>/dev/null || [ "$("$PY" -c 'import sys; print(sys.prefix)')" != "$ROOT/.venv" ]; then
    rm -rf .venv
    "$HOST_PYTHON" -m venv .venv
  fi
  "$PY" -m pip install --require-hashes -r tests/requirements.txt
}

make_editable() { # the package itself, from the tree
  "$PY" -m pip install --no-deps --no-build-isolation --no-index -e .
}

npm_ci() { # FROM TO: in build/, since web/ is served
  mkdir -p "$2"
  cp "$1/package.json" "$1/package-lock.json" "$2/"
  npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund
}

make_npm() { npm_ci web build/npm; }

make_vendor() { # what the pages load from npm beside Pyodide, without what they do not: source maps, other builds
  local modules=build/npm/node_modules out=build/vendor.new
  rm -rf $out
  mkdir -p $out/uplot $out/pyscript
  cp $modules/uplot/LICENSE $modules/uplot/dist/uPlot.iife.min.js $modules/uplot/dist/uPlot.min.css $out/uplot/
  cp $modules/@pyscript/core/LICENSE $modules/@pyscript/core/dist/*.js $modules/@pyscript/core/dist/*.css $out/pyscript/
  rm -rf build/vendor
  mv $out build/vendor
}

make_wheel() { # tests of another run may be serving the old one: it is replaced in one go
  rm -rf build/dist.new
  "$PY" -m hatchling build -t wheel -d build/dist.new
  local wheel
  for wheel in build/dist/*.whl; do
    [ -e "build/dist.new/${wheel##*/}" ] || rm -f "$wheel"
  done
  mv -f build/dist.new/*.whl build/dist/
}

make_pyodide_wheels() {
  rm -rf build/pyodide-wheels
  "$PY" -m pip download --no-deps --require-hashes --only-binary=:all: --python-version 3.14 --implementation py \
    --abi none --platform any -d build/pyodide-wheels -r tests/tools/pyodide-wheels.txt
}

archives() { # made by the very Python that reads them
  node tests/tools/in_pyodide.mjs build/npm/node_modules/pyodide tests/tools/archives.py "$@"
}

make_stdlib() {
  mkdir -p build/stdlib
  archives stdlib build/npm/node_modules/pyodide/python_stdlib.zip build/stdlib
}

make_bytecode() {
  archives bytecode build/dist/*.whl web build/bytecode.zip
}

make_pyodide() {
  "$PY" tests/tools/pyodide_dist.py build/npm/node_modules/pyodide build/stdlib/python_stdlib.zip build/pyodide \
    build/pyodide-wheels/*.whl build/dist/*.whl build/stdlib/python_stdlib_rest.zip build/bytecode.zip
}

make_npm_oldest() { npm_ci tests/engines build/npm-oldest; }

make_pyodide_oldest() { # as it comes
  local runtime=build/npm-oldest/node_modules/pyodide
  "$PY" tests/tools/pyodide_dist.py $runtime $runtime/python_stdlib.zip build/pyodide-oldest
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@"
}

# These may fail: what follows from it is said by setup_browser, setup_engine, setup_rabbitmq and setup_proxies.
make_chromium() {
  { can_apt && apt_install chromium; } || "$PY" -m playwright install chromium || true
}

make_firefox() { apt_install firefox-esr || true; }

make_webkit() { apt_install webkit2gtk-driver xvfb || true; }

# The packages of servers start them system-wide unless a policy forbids it. Ours lasts as long as this step.
apt_install_without_services() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt_install "$@"
}

make_rabbitmq() { apt_install_without_services rabbitmq-server || true; }

make_proxies() {
  local name
  for name in nginx caddy; do
    has_proxy "$name" || apt_install_without_services "$name" || true
  done
}

setup_python() {
  mkdir -p build/stamps build/log build/dist
  if command -v flock >/dev/null 2>&1; then # two at once in one tree take turns
    exec 9>build/.lock
    flock 9
  fi
  HOST_PYTHON=$(find_python)
  "$PY" -c '' 2>/dev/null || rm -f build/stamps/packages # the Python that the venv was made with is gone
  step packages "$(hash_of tests/requirements.txt "in $ROOT" "$("$HOST_PYTHON" -VV)")" .venv/bin/pytest make_packages
  step editable "$(hash_of pyproject.toml build/stamps/packages)" .venv/bin/python make_editable
}

make_docs_packages() {
  "$PY" -m pip install --require-hashes -r docs/site/requirements.txt
}

setup_docs() {
  step docs-packages "$(hash_of docs/site/requirements.txt build/stamps/packages)" .venv/bin/mkdocs make_docs_packages
}

make_docs() {
  NO_MKDOCS_2_WARNING=1 "$PY" -m mkdocs build --strict --config-file docs/site/mkdocs.yml --site-dir "$ROOT/build/docs"
}

wheel_path() { ls build/dist/pystomp_web-*-py3-none-any.whl; }

setup_wheel() {
  step wheel "$(hash_of pyproject.toml tests/tools/slim_wheel.py LICENSE README.md pystomp_web build/stamps/packages)" build/dist make_wheel
}

setup_pyodide() {
  command -v npm >/dev/null 2>&1 || die "npm is missing: it brings Pyodide. Install Node.js 18 or newer (Debian, Ubuntu: apt-get install nodejs npm;" \
    "macOS: brew install node)"
  step npm "$(hash_of web/package.json web/package-lock.json)" build/npm/node_modules/pyodide make_npm
  step vendor "$(hash_of build/stamps/npm)" build/vendor make_vendor
  local tools="tests/tools/in_pyodide.mjs tests/tools/archives.py"
  # shellcheck disable=SC2086 # names, one word each
  step stdlib "$(hash_of $tools tests/tools/stdlib_core.txt tests/tools/stdlib_on_demand.py build/stamps/npm)" \
    build/stdlib/python_stdlib.zip make_stdlib
  # shellcheck disable=SC2086
  step bytecode "$(hash_of $tools build/stamps/npm "$(wheel_path)" $(find web -name '*.py' | LC_ALL=C sort))" build/bytecode.zip make_bytecode
  step pyodide-wheels "$(hash_of tests/tools/pyodide-wheels.txt)" build/pyodide-wheels make_pyodide_wheels
  step pyodide "$(hash_of tests/tools/pyodide_dist.py build/stamps/stdlib build/stamps/bytecode build/stamps/pyodide-wheels "$(wheel_path)")" \
    build/pyodide/pyodide-lock.json make_pyodide
}

setup_browser() {
  local found
  found=$("$PY" tests/support/chromium.py) || true
  if [ -z "$found" ]; then
    step chromium-install "" "" make_chromium
    found=$("$PY" tests/support/chromium.py) || true
  fi
  [ -n "$found" ] || die "no Chromium or Chrome found, and none could be installed (build/log/chromium-install.log)." \
    "Install one (Debian: apt-get install chromium; elsewhere: Google Chrome) or name it: PYSTOMP_WEB_CHROMIUM=/path/to/chrome"
  say "[chromium] $found"
}

# setup_engine NAME PACKAGES: another browser, into ENGINE. Where it can't be had one line says so, and CI fails.
setup_engine() {
  ENGINE=$("$PY" "tests/support/$1.py" 2>/dev/null) || ENGINE=""
  if [ -z "$ENGINE" ] && can_apt; then
    step "$1-install" "" "" "make_$1"
    ENGINE=$("$PY" "tests/support/$1.py") || ENGINE=""
  fi
  if [ -n "$ENGINE" ]; then
    say "[$1] $ENGINE"
  elif [ -n "${CI:-}" ]; then
    die "CI must have $1, and it could not be installed (build/log/$1-install.log): apt-get install $2"
  else
    say "[$1] missing, and could not be installed: its tests can't run here. Install it (Debian: apt-get install $2)"
  fi
}

setup_oldest_pyodide() { # the tests run with it too: the oldest that we say we support
  step npm-oldest "$(hash_of tests/engines/package.json tests/engines/package-lock.json)" build/npm-oldest/node_modules/pyodide \
    make_npm_oldest
  step pyodide-oldest "$(hash_of tests/tools/pyodide_dist.py build/stamps/npm-oldest)" build/pyodide-oldest/pyodide-lock.json \
    make_pyodide_oldest
}

has_rabbitmq() { [ -x /usr/sbin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null 2>&1; }

setup_rabbitmq() {
  if ! has_rabbitmq && can_apt; then
    step rabbitmq-install "" "" make_rabbitmq
  fi
  if has_rabbitmq; then
    say "[rabbitmq] up to date"
  else
    say "[rabbitmq] RabbitMQ is missing and could not be installed: its tests can't run here." \
      "Install it (Debian: apt-get install rabbitmq-server; macOS: brew install rabbitmq)"
  fi
}

has_proxy() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

setup_proxies() { # the tests of docs/howto/deploy.md run behind them
  local name
  if ! { has_proxy nginx && has_proxy caddy; } && can_apt; then
    step proxies-install "" "" make_proxies
  fi
  for name in nginx caddy; do
    if has_proxy "$name"; then
      say "[$name] up to date"
    else
      say "[$name] missing, and could not be installed: the test behind it can't run here. Install it (Debian: apt-get install $name;" \
        "macOS: brew install $name)"
    fi
  done
}

make_java() { apt_install default-jdk-headless maven || true; }

has_java() { command -v javac >/dev/null 2>&1 && command -v mvn >/dev/null 2>&1; }

setup_java() {
  if ! has_java && can_apt; then
    step java-install "" "" make_java
  fi
  has_java || die "a JDK (17 or newer) or Maven is missing, and neither could be installed: most brokers run on the JVM." \
    "Install them (Debian: apt-get install default-jdk-headless maven; macOS: brew install openjdk maven)"
  say "[java] up to date"
}

make_brokers() { # shellcheck disable=SC2086 # names, one word each
  "$PY" -m tests.brokers.prepare ${PYSTOMP_BROKERS}
}

setup_done() { # let go of the lock: what follows may last
  if [ -e build/.lock ]; then exec 9>&-; fi
}

# ---------------------------------------------------------------------------------------------- verbs

verb_serve() {
  setup_python
  setup_wheel
  setup_pyodide
  setup_done
  exec "$PY" -m pystomp_web.server --root web --pyodide build/pyodide --vendor build/vendor --wheel "$(wheel_path)" "$@"
}

verb_wheel() {
  setup_python
  setup_wheel
  setup_done
  wheel_path
}

verb_bundle() {
  setup_python
  setup_wheel
  setup_pyodide
  "$PY" -m tests.tools.bundle "$@"
  setup_done
}

verb_docs() {
  setup_python
  setup_docs
  step docs "" "" make_docs
  setup_done
  printf '%s\n' "$ROOT/build/docs/index.html"
}

verb_check() {
  setup_python
  setup_done
  local failed=0
  say "[ruff check]"
  "$PY" -m ruff check --output-format concise . || failed=1
  say "[ruff format --check]"
  "$PY" -m ruff format --check . || failed=1
  say "[mypy --strict]"
  "$PY" -m mypy --strict || failed=1
  return $failed
}

measured_pytest() { "$PY" -m coverage run -m pytest --color="$([ -t 1 ] && echo yes || echo no)" "$@"; }

verb_test() {
  setup_python
  setup_docs
  setup_wheel
  setup_pyodide
  setup_oldest_pyodide
  setup_browser
  setup_engine webkit "webkit2gtk-driver xvfb"
  setup_engine firefox firefox-esr
  setup_rabbitmq
  setup_proxies
  setup_done
  # A folder of its own for each run, so that two runs in one tree don't mix their data.
  local data=build/coverage/$$ code=0 out
  rm -rf "$data" && mkdir -p "$data"
  export COVERAGE_FILE=$ROOT/$data/.coverage
  out=$data/pytest.log
  measured_pytest "$@" 2>&1 | tee "$out" || code=$?
  if [ $# -eq 0 ] && [ -n "$ENGINE" ]; then # the tests of the pages once more, those of side issues excepted
    PYSTOMP_BROWSER=firefox measured_pytest tests/browser/test_{page,page_*,dashboard,prompt,pyscript}.py 2>&1 |
      tee -a "$out" || code=$?
  fi
  "$PY" -m coverage combine -q "$data" || say "build.sh: no coverage data"
  [ ! -e "$COVERAGE_FILE" ] || mv "$COVERAGE_FILE" build/.coverage
  unset COVERAGE_FILE # from here on build/.coverage, as pyproject.toml says
  if [ $# -gt 0 ]; then # a selection of tests can't reach the whole package
    say "coverage of host and browser, in per cent: $("$PY" -m coverage report --format=total --fail-under=0)"
  elif ! "$PY" -m coverage report; then
    say "build.sh: the coverage of host and browser together is too low, see above"
    [ $code -ne 0 ] || code=2
  fi
  grep -aE '[0-9] (passed|failed|skipped|error).* in [0-9.]*s' "$out" || tail -n 1 "$out" # pytest's own closing lines once more
  rm -rf "$data"
  return $code
}

verb_interop() {
  setup_python
  setup_wheel
  setup_pyodide
  setup_browser
  setup_engine firefox firefox-esr
  local name java="" rabbitmq=""
  for name in "${@:-all}"; do
    case $name in
    embedded | coilmq) ;;
    rabbitmq) rabbitmq=yes ;;
    all) java=yes rabbitmq=yes ;;
    *) java=yes ;;
    esac
  done
  [ -z "$rabbitmq" ] || setup_rabbitmq
  export PYSTOMP_BROKERS="${*:-all}"
  if [ -n "$java" ]; then
    setup_java
    step brokers "" "" make_brokers
  fi
  setup_done
  if [ -n "$ENGINE" ]; then # in Firefox too
    PYSTOMP_BROWSER=firefox "$PY" -m pytest --color="$([ -t 1 ] && echo yes || echo no)" tests/brokers/test_brokers.py
  fi
  "$PY" -m pytest --color="$([ -t 1 ] && echo yes || echo no)" tests/brokers/test_brokers.py
}

make_bench() {
  mkdir -p build/bench-npm
  cp tests/bench/package.json tests/bench/package-lock.json build/bench-npm/
  npm ci --prefix build/bench-npm --ignore-scripts --no-audit --no-fund
  rm -rf build/bench-python
  "$PY" -m pip install --require-hashes --no-deps --target build/bench-python -r tests/bench/requirements.txt
  rm -rf build/bench-wheels
  "$PY" -m pip download --no-deps --require-hashes --only-binary=:all: --python-version 3.14 --implementation py \
    --abi none --platform any -d build/bench-wheels -r tests/bench/boot-wheels.txt
}

verb_bench() {
  setup_python
  setup_wheel
  setup_pyodide
  setup_browser
  setup_engine firefox firefox-esr
  setup_rabbitmq
  step bench "$(hash_of tests/bench/package-lock.json tests/bench/requirements.txt tests/bench/boot-wheels.txt)" build/bench-wheels make_bench
  setup_done
  "$PY" -m tests.bench "$@"
}

case "${1:-serve}" in
serve | test | interop | bench | bundle | check | docs | wheel)
  verb=${1:-serve}
  [ $# -eq 0 ] || shift
  "verb_$verb" "$@"
  ;;
-h | --help | help) sed -n '2,13s/^# \{0,1\}//p' "$0" ;;
-*) verb_serve "$@" ;; # ./build.sh --port 9000
*) die "no such verb: $1 (serve, test, interop, bench, bundle, check, docs, wheel)" ;;
esac
