# shellcheck shell=bash
# Health checks of real services, in the shipped sandbox.

# ---- scenarios ----------------------------------------------------------------------------

another_hosts_file_follows_what_happens_to_nginx() {
    fresh && other_host <<CONF || return 1
[[output]]
path = "$others"
CONF
    in_box sh -c 'cat > /etc/nginx/nginx.conf && echo "return 200;" > /etc/nginx/answer.conf' <<CFG
pid /run/nginx.pid;
events {}
http {
    server {
        listen 127.0.0.1:8081;
        location / { include /etc/nginx/answer.conf; }
    }
}
CFG
    in_box sh -c 'cat > /etc/discoveryd.conf' <<CONF
outputs = []
[[service]]
name = "web"
id = "web-1"
port = 8081
address = "127.0.0.1"
check = [
  { unit = "nginx.service" },
  { http = "http://127.0.0.1:8081/healthz", interval = "1s", timeout = "1s", rise = 2, fall = 2 },
]
CONF
    in_box systemctl start nginx discoveryd || return 1
    local table
    table=$(in_box python3 "$PWD/Tests/System/health_times.py" $others "${ROUNDS:-1}")
    local result=$?
    sed 's/^/    # /' <<<"$table"
    in_box systemctl stop nginx
    no_other_host
    expect "no longer than each may take" [ $result = 0 ]
}
