# Shared by the scripts that need more than a shell: what must be installed, and how a build folder comes to be.
# Source it from the top of the repository; it wants bash.

# To build; further ones for the tests.
build_packages=(
    gcc libc6-dev meson ninja-build pkg-config
    libcsv-dev libcurl4-openssl-dev libhttp-parser-dev libjansson-dev libsqlite3-dev libssl-dev libutf8proc-dev libuv1-dev
    libyajl-dev
    check
)
test_packages=(clang libclang-rt-dev clang-format git openssl python3 python3-jsonschema)

die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]
}

# Installs those of the named Debian packages that are missing. Touches neither the network nor anything else when none is.
need_packages() {
    local missing=() package log
    command -v dpkg-query >/dev/null || die "this is no Debian; install what these packages hold: $*"
    for package; do
        installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
        die "packages are missing and this is not root: apt-get install ${missing[*]}"
    fi
    log=$(mktemp)
    if ! { as_root apt-get -q update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        die "cannot install ${missing[*]}"
    fi
    rm -f "$log"
}

# configure DIRECTORY MESON-OPTION...: a build folder, new or brought up to date. CC chooses the compiler of a new one.
configure() {
    local dir=$1
    shift
    if [ -f "$dir/build.ninja" ]; then
        meson setup --reconfigure "$dir" "$@" </dev/null
    else
        rm -rf "$dir"
        meson setup "$dir" "$@" </dev/null
    fi
}
