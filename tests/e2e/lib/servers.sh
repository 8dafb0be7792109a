# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The nodes' servers: nginx with http on 80, https on 443, and on 6443 a /healthz over TLS that
# answers 401 as an API server does. Each document says the name of its node.

declare -A NGINX_PID=()

# One certificate for all nodes, as they all are the VIP.
make_certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj /CN=xlb.example \
		-addext "subjectAltName=IP:$PUBLIC4,IP:$VIP4,IP:$PUBLIC6" \
		-keyout "$RUN/key.pem" -out "$RUN/cert.pem" 2>/dev/null
}

# Of connections it must not run out: nginx then closes those that have not asked yet, and tells it in
# a warning only.
nginx_conf() # NUMBER
{
	cat <<-EOF
		daemon off;
		user root;
		worker_processes 1;
		worker_rlimit_nofile 16384;
		error_log error.log warn;
		pid nginx.pid;
		events { worker_connections 8192; }
		http {
			log_format node '\$remote_addr \$request_method \$request_uri \$status \$server_port';
			access_log access.log node;
			client_body_temp_path tmp;
			proxy_temp_path tmp;
			fastcgi_temp_path tmp;
			uwsgi_temp_path tmp;
			scgi_temp_path tmp;
			client_max_body_size 0;
			keepalive_requests 1000000;
			keepalive_timeout 600s;
			ssl_certificate $RUN/cert.pem;
			ssl_certificate_key $RUN/key.pem;
			server {
				listen 80;
				listen [::]:80;
				listen 443 ssl;
				listen [::]:443 ssl;
				root html;
				location /upload/ { dav_methods PUT; }
			}
			server {
				listen 6443 ssl;
				listen [::]:6443 ssl;
				location = /healthz { return 401; }
			}
		}
	EOF
}

node_dir() # NUMBER
{
	echo "$RUN/node$1"
}

node_listens() # NUMBER PORT
{
	[ -n "$(ns "node$1" ss -Hltn "sport = :$2")" ]
}

server_start() # NUMBER
{
	local dir
	dir=$(node_dir "$1")
	if [ ! -d "$dir" ]; then
		mkdir -p "$dir/html/upload" "$dir/tmp"
		echo "node$1" >"$dir/html/index.html"
		nginx_conf "$1" >"$dir/nginx.conf"
	fi
	start_in "node$1" "$dir/stderr.log" nginx -p "$dir" -c nginx.conf -e error.log
	NGINX_PID[$1]=$STARTED
	wait_for 60 node_listens "$1" 443 || die "nginx of node$1: $(cat "$dir"/*.log)"
}

server_stop() # NUMBER
{
	stop_process "${NGINX_PID[$1]}"
}

servers_start()
{
	local n
	make_certificate
	for n in "${NODES[@]}"; do
		server_start "$n"
	done
}

# The same random document on every node and in $RUN/NAME; its size as make_file's.
make_document() # NAME SIZE
{
	local n
	make_file "$1" "$2"
	for n in "${NODES[@]}"; do
		cp "$RUN/$1" "$(node_dir "$n")/html/$1"
	done
}

access_log() # NUMBER
{
	cat "$(node_dir "$1")/access.log"
}

# A server on the nodes for other protocols: answers with its node's name, on tcp and udp.
echo_start() # NUMBER ADDRESS PORT
{
	start_in "node$1" "$(node_dir "$1")/echo.log" "$PYTHON" "$LIB_DIR/../peers/echo_name.py" \
		"node$1" "$2" "$3"
}
