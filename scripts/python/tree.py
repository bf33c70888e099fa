"""Files as an archive that has the same bytes whenever, wherever and by whomever it was made."""

import gzip
import io
import os
import stat
import sys
import tarfile


def add_tree(archive, root, owner_of, prefix=""):
    """Adds everything below `root`, in order of its path, with the modes it has, no times and the owners that `owner_of` names."""
    paths = []
    for directory, directories, files in os.walk(root):
        paths += [os.path.relpath(os.path.join(directory, name), root) for name in directories + files]
    first_of_inode = {}
    for path in sorted(paths):
        full = os.path.join(root, path)
        status = os.lstat(full)
        entry = tarfile.TarInfo(prefix + path)
        entry.mode = stat.S_IMODE(status.st_mode)
        entry.uid = entry.gid = owner_of(path)
        if stat.S_ISDIR(status.st_mode):
            entry.type = tarfile.DIRTYPE
            archive.addfile(entry)
        elif stat.S_ISLNK(status.st_mode):
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.readlink(full), 0o777
            archive.addfile(entry)
        elif not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{full}: neither a file nor a directory nor a link")
        elif (earlier := first_of_inode.setdefault((status.st_dev, status.st_ino), entry.name)) != entry.name:
            entry.type, entry.linkname = tarfile.LNKTYPE, earlier
            archive.addfile(entry)
        else:
            entry.size = status.st_size
            with open(full, "rb") as file:
                archive.addfile(entry, file)


def add_bytes(archive, path, content, mode=0o644):
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def tar_bytes(fill):
    """The bytes of the archive that `fill` puts its entries into."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        fill(archive)
    return buffer.getvalue()


def compressed(content):
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0, compresslevel=6) as file:
        file.write(content)
    return buffer.getvalue()


if __name__ == "__main__":
    # usage: tree.py DIR FILE    everything below DIR as FILE, a .tar.gz whose files are root's
    with open(sys.argv[2], "wb") as target:
        target.write(compressed(tar_bytes(lambda archive: add_tree(archive, sys.argv[1], lambda _: 0))))
