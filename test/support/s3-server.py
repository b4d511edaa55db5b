"""Serves S3 for tests, from the package moto: one request at a time, so that a condition and the write under it are one step, and only with right signatures. Ends when its standard input does."""

import json
import os
import sys
import threading

os.environ["S3_IGNORE_SUBDOMAIN_BUCKETNAME"] = "true"

from moto import settings  # noqa: E402
from moto.core import DEFAULT_ACCOUNT_ID  # noqa: E402
from moto.iam.models import iam_backends  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.models import s3_backends  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

# Many, since listing one takes moto as long as it has objects, whatever the prefix.
BUCKETS = [f"rolewright-audit-{number}" for number in range(40)]
ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class OneByOne(DomainDispatcherApplication):
    """Connections are read in threads of their own, and answered one after the other."""

    turn = threading.Lock()

    def __call__(self, environ, start_response):
        with self.turn:
            return list(super().__call__(environ, start_response))


def end_with_owner() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    threading.Thread(target=end_with_owner, daemon=True).start()
    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    iam.create_user("us-east-1", "writer")
    iam.put_user_policy("writer", "all", json.dumps(ALLOWED))
    key = iam.create_access_key("writer")
    for bucket in BUCKETS:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(bucket, "us-east-1")
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    app = OneByOne(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    told = {"port": server.server_port, "buckets": BUCKETS, "id": key.access_key_id, "secret": key.secret_access_key}
    print(json.dumps(told), flush=True)
    server.serve_forever()


main()
