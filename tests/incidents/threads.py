"""Doing things at once, for tests of locks. Only PostgreSQL shows what they are for."""

import threading

from django.db import connection


def together(*jobs):
    """Run each job in a thread of its own, all at once; return what went wrong."""
    ready, wrong = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            ready.wait(10)
            job()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong
