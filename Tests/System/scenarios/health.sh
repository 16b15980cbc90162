# shellcheck shell=bash
# Health checks of real services, in the shipped sandbox.

# Whether exactly these services, in order, have this status.
services_are() {
    [ "$(in_box discoveryd status -o json | jq -r "[.services[] | select(.status == \"$1\") | .service] | join(\" \")")" = \
        "$(shift; echo "$*")" ]
}
# nginx at this port, answering what stands in a file of its own.
with_nginx() {
    in_box sh -c 'cat > /etc/nginx/nginx.conf && echo "return 200;" > /etc/nginx/answer.conf' <<CFG
pid /run/nginx.pid;
events {}
http {
    server {
        listen 127.0.0.1:$1;
        location / { include /etc/nginx/answer.conf; }
    }
}
CFG
    in_box systemctl start nginx
}

# ---- scenarios ----------------------------------------------------------------------------

another_hosts_file_follows_what_happens_to_nginx() {
    fresh && other_host <<CONF || return 1
[[output]]
path = "$others"
CONF
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
    with_nginx 8081 && in_box systemctl start discoveryd || return 1
    local table
    table=$(in_box python3 "$PWD/Tests/System/health_times.py" $others "${ROUNDS:-1}")
    local result=$?
    sed 's/^/    # /' <<<"$table"
    in_box systemctl stop nginx
    no_other_host
    expect "no longer than each may take" [ $result = 0 ]
}

checks_of_each_kind_pass_in_the_sandbox_and_those_that_need_more_with_their_drop_ins() {
    fresh && with_nginx 80 || return 1
    in_box sh -c 'printf "#!/bin/sh\n[ -r /etc/hostname ] && echo fine\n" > /usr/local/bin/is-fine
        chmod +x /usr/local/bin/is-fine'
    local plugins=/usr/lib/nagios/plugins timing='interval = "1s", rise = 1, fall = 1'
    service() { printf '[[service]]\nname = "%s"\nport = 80\naddress = "10.0.0.5"\ncheck = [%s]\n' "$1" "$2"; }
    {
        echo 'outputs = []'
        service kinds "{ unit = \"nginx.service\" }, { tcp = \"127.0.0.1:80\", $timing },
            { http = \"http://127.0.0.1:80/\", $timing }, { exec = [\"/usr/local/bin/is-fine\"], $timing }"
        service plugins "{ exec = [\"$plugins/check_tcp\", \"-H\", \"127.0.0.1\", \"-p\", \"80\"], $timing },
            { exec = [\"$plugins/check_http\", \"-H\", \"127.0.0.1\"], $timing },
            { exec = [\"$plugins/check_disk\", \"-w\", \"1%\", \"-c\", \"1%\", \"-p\", \"/\"], $timing },
            { exec = [\"$plugins/check_file_age\", \"-w\", \"9999999999\", \"-c\", \"9999999999\", \"-f\", \"/etc/fstab\",
                \"-i\"], $timing }"
        service processes "{ exec = [\"$plugins/check_procs\", \"-c\", \"1:\", \"-C\", \"nginx\"], $timing },
            { exec = [\"$plugins/check_load\", \"-w\", \"999\", \"-c\", \"999\"], $timing }"
        service ping "{ exec = [\"$plugins/check_icmp\", \"-n\", \"1\", \"127.0.0.1\"], $timing }"
        service compilers "{ exec = [\"/usr/bin/python3\", \"-c\", \"import mmap; mmap.mmap(-1, 4096, prot=7)\"], $timing }"
    } | configure
    in_box systemctl start discoveryd || return 1
    eventually 15 "what needs nothing to be registered" services_are registered kinds plugins &&
        eventually 10 "the rest to be unhealthy" services_are unhealthy compilers ping processes
    local result=$?
    in_box install -D -m 0644 -t /etc/systemd/system/discoveryd.service.d "$PWD"/Examples/exec-checks/*.conf
    in_box systemctl daemon-reload
    in_box systemctl restart discoveryd
    eventually 15 "all to be registered" services_are registered compilers kinds ping plugins processes || result=1
    # They stay so: nothing but their checks holds them there.
    in_box sleep 3
    expect "them to stay" services_are registered compilers kinds ping plugins processes || result=1
    in_box systemctl stop nginx
    return $result
}

journalctl_explains_a_failed_health_check() {
    fresh && configure <<CONF || return 1
outputs = []
[start]
timeout = "3s"
[[service]]
name = "web"
id = "web-1"
port = 8081
address = "127.0.0.1"
check = [{ exec = ["/bin/false"], interval = "1s", rise = 1, fall = 1 }]
CONF
    local warning='health check failed, deregistered: exec /bin/false' id explained
    in_box systemctl start discoveryd || return 1
    eventually 10 "the warning" in_box sh -c "journalctl -q -u discoveryd -o cat | grep -q '$warning'" || return 1
    id=$(in_box journalctl -q -u discoveryd -o json DISCOVERYD_SERVICE=web PRIORITY=4 |
        jq -rs "map(select(.MESSAGE | startswith(\"$warning\")))[-1].MESSAGE_ID")
    explained=$(in_box journalctl -q -x -u discoveryd "MESSAGE_ID=$id")
    expect "its id in the journal, not $id" [ ${#id} = 32 ] &&
        expect "its message not to show the id" [ -z "$(journal | grep "$id")" ] &&
        expect "an entry of the catalog for it, journalctl says: $explained" has "$explained" \
            "Subject: A service failed its health check and is not registered" &&
        expect "the entry to name the service" has "$explained" "A health check of web (web-1) failed" &&
        expect "the entry to name the manual page" has "$explained" "man:discoveryd(8)"
}
