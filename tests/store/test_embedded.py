"""The private PostgreSQL: any path, one owner, gone with its parent, back after anything."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from lamplighter.errors import InstallationInUse, Misconfigured, Unavailable
from lamplighter.store import embedded, launch
from lamplighter.store.embedded import EmbeddedServer

LONG = "a folder with spaces and ümlauts " + "x" * 110
SMALL = {"shared_buffers": "16MB", "max_connections": "20"}


def ask(server: EmbeddedServer, query: str):
    with psycopg.connect(server.url()) as connection:
        return connection.execute(query).fetchone()[0]


def test_a_path_with_spaces_and_more_characters_than_a_socket_may_have(tmp_path):
    folder = tmp_path / LONG / "store"
    assert len(str(folder)) > 110
    server = EmbeddedServer.start(folder, SMALL)
    try:
        assert ask(server, "show server_version").startswith("18")
        assert ask(server, "show data_checksums") == "on"
        assert ask(server, "show fsync") == "on"
        assert ask(server, "show listen_addresses") == ""
        assert ask(server, "select upper('ä')") == "Ä"
    finally:
        server.stop()


def test_what_was_committed_is_there_after_a_restart(tmp_path):
    server = EmbeddedServer.start(tmp_path, SMALL)
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table lamp as select 7 as number")
    server.stop()
    server = EmbeddedServer.start(tmp_path, SMALL)
    assert ask(server, "select number from lamp") == 7
    server.stop()


def test_the_second_starter_is_refused_with_a_sentence(tmp_path):
    server = EmbeddedServer.start(tmp_path, SMALL)
    with pytest.raises(InstallationInUse, match=rf"already in use by process {os.getpid()}\. Stop that one"):
        EmbeddedServer.start(tmp_path, SMALL)
    server.stop()


def test_the_folders_it_leaves_are_private_and_its_socket_folder_goes(tmp_path):
    server = EmbeddedServer.start(tmp_path / "store", SMALL)
    sockets = server._sockets
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0
    assert sockets.stat().st_mode & 0o077 == 0
    server.stop()
    assert not sockets.exists()


PARENT = """
import sys, threading
from pathlib import Path
from lamplighter.store.embedded import EmbeddedServer
server = EmbeddedServer.start(Path(sys.argv[1]), {"shared_buffers": "16MB"})
print(server.pid, server._sockets, flush=True)
threading.Event().wait()
"""


def test_a_killed_parent_takes_the_server_down_and_the_next_start_needs_no_hand(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    server_pid, sockets = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    server = EmbeddedServer.start(tmp_path, SMALL)  # waits for the old one to end
    assert ask(server, "select 1") == 1
    assert not Path(sockets).exists()
    assert not is_server(int(server_pid), tmp_path)
    server.stop()


def is_server(pid: int, folder: Path) -> bool:
    try:
        return os.fsencode(folder) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def test_a_killed_server_recovers_what_was_committed(tmp_path):
    server = EmbeddedServer.start(tmp_path, SMALL)
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table lamp as select 7 as number")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    server = EmbeddedServer.start(tmp_path, SMALL)
    assert ask(server, "select number from lamp") == 7
    server.stop()


def test_a_stale_process_number_that_now_is_another_program_does_not_block(tmp_path):
    server = EmbeddedServer.start(tmp_path, SMALL)
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        note = tmp_path / "postgres" / "postmaster.pid"
        note.write_text(f"{stranger.pid}\n{tmp_path / 'postgres'}\n{int(time.time())}\n5432\n/tmp\n\n0 0\n")
        server = EmbeddedServer.start(tmp_path, SMALL)
        server.stop()
        assert stranger.poll() is None, "the unrelated process lives on"
        stranger.kill()


def test_an_interrupted_first_start_is_begun_again(tmp_path):
    (tmp_path / "postgres.part" / "base").mkdir(parents=True)
    EmbeddedServer.start(tmp_path, SMALL).stop()
    assert not (tmp_path / "postgres.part").exists()


def test_a_folder_of_another_version_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Misconfigured, match=r"made by PostgreSQL 16.*backup"):
        EmbeddedServer.start(tmp_path, SMALL)


def test_a_server_that_cannot_start_says_why_in_its_own_words(tmp_path):
    with pytest.raises(Unavailable, match="shared_buffers"):
        EmbeddedServer.start(tmp_path, {"shared_buffers": "nonsense"})
    EmbeddedServer.start(tmp_path, SMALL).stop()


as_root = pytest.mark.as_root


@pytest.fixture
def no_namespaces(monkeypatch):
    """A machine that forbids user namespaces, as many containers do: the first way fails at once."""
    usual = embedded._launch
    forbidden = [sys.executable, "-c", f"raise SystemExit({launch.NO_NAMESPACE})"]
    monkeypatch.setattr(
        embedded, "_launch", lambda mode, command: forbidden if mode == "namespace" else usual(mode, command)
    )


@as_root
def test_as_root_nothing_changes_hands(tmp_path):
    server = EmbeddedServer.start(tmp_path / "store", SMALL)
    assert (tmp_path / "store" / "postgres").stat().st_uid == 0
    assert int(Path(f"/proc/{server.pid}/status").read_text().split("Uid:")[1].split()[0]) == 0
    server.stop()


@as_root
def test_as_root_without_namespaces_an_unprivileged_user_gets_the_folder(no_namespaces):
    import shutil
    import tempfile

    open_to_all = Path(tempfile.mkdtemp(prefix="lamplighter test ", dir="/tmp"))
    open_to_all.chmod(0o755)
    try:
        for _ in range(2):
            server = EmbeddedServer.start(open_to_all / "store", SMALL)
            assert (open_to_all / "store" / "postgres").stat().st_uid == launch.FALLBACK_USER
            assert ask(server, "select 1") == 1
            server.stop()
    finally:
        shutil.rmtree(open_to_all)


@as_root
def test_as_root_without_namespaces_and_out_of_reach_the_remedies_are_named(tmp_path, no_namespaces):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(Misconfigured, match=r"ordinary user.*LAMPLIGHTER_STORE_URL"):
        EmbeddedServer.start(private / "store", SMALL)


def test_as_an_ordinary_user(tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from lamplighter.store.embedded import EmbeddedServer\n"
        "server = EmbeddedServer.start(Path(sys.argv[1])); server.stop(); print('user', os.getuid())"
    )
    command = [sys.executable, "-c", script, str(tmp_path / LONG)]
    if os.getuid() == 0:  # become one, in a namespace
        command = [sys.executable, launch.__file__, str(os.getpid()), "namespace", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("user "), done.stderr
    assert done.stdout.strip() != "user 0"
