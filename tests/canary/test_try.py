import time, signal, json

def test_try(world, request):
    import importlib, sys
    c = sys.modules[type(world).__module__]
    t=time.monotonic()
    ended = c.run(world, "paths")
    print("code", ended.code, time.monotonic()-t)
    print(open(world.folder/"paths.stdout").read()[-6000:])
    print(ended.stderr[-6000:])
    try: world.note_store_key()
    except Exception as e: print(e)
    hits, h = world.hunt(ended.watch)
    print(h.files, h.members, h.bytes, time.monotonic()-t)
    for x in sorted(hits, key=str): print(x)
    print(ended.watch.strays, ended.watch.processes, ended.watch.unread)
    import shutil; shutil.rmtree("/tmp/h7/tree", ignore_errors=True); shutil.copytree(world.folder, "/tmp/h7/tree", symlinks=True)
    assert 0
