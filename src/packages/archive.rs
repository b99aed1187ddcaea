//! Unpacks the archive of a package, and refuses one whose members reach out of their folder.
//!
//! Files are written first and links last, so that nothing is ever written through a link; and a link is made only if every
//! step of its way, through other links too, stays inside.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use tar::EntryType;

/// Limits against archives that are made to fill a disk: bytes and members.
const MOST_BYTES: u64 = 2 << 30;
const MOST_MEMBERS: usize = 200_000;
/// Links that one way may go through.
const MOST_LINKS: usize = 40;

/// Why an archive was not unpacked.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It cannot be read: perhaps it was cut off on its way.
    Unreadable(io::Error),
    /// It is whole and must not be unpacked: what is wrong, with the member's name.
    Dangerous(String),
    /// Nothing can be written.
    Unwritable(PathBuf, io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Unpacks a tar archive, compressed with gzip or not, into a folder that is there and empty. Returns the names at its top.
pub(super) fn unpack(archive: &Path, into: &Path) -> Result<BTreeSet<OsString>, Refusal> {
    let mut file = File::open(archive)?;
    let mut magic = [0; 2];
    let read = file.read(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    let file = BufReader::new(file);
    if read == 2 && magic == [0x1f, 0x8b] {
        Unpacking::new(into).run(GzDecoder::new(file))
    } else {
        Unpacking::new(into).run(file)
    }
}

struct Unpacking<'a> {
    into: &'a Path,
    top: BTreeSet<OsString>,
    /// Links and what they point to, both relative to the top.
    links: BTreeMap<PathBuf, PathBuf>,
    /// Hard links: a second name of a file.
    copies: Vec<(PathBuf, PathBuf)>,
    bytes: u64,
    members: usize,
}

impl<'a> Unpacking<'a> {
    fn new(into: &'a Path) -> Self {
        Self { into, top: BTreeSet::new(), links: BTreeMap::new(), copies: Vec::new(), bytes: 0, members: 0 }
    }

    fn run(mut self, archive: impl Read) -> Result<BTreeSet<OsString>, Refusal> {
        for entry in tar::Archive::new(archive).entries()? {
            self.member(&mut entry?)?;
        }
        for (path, original) in &self.copies {
            let (from, to) = (self.into.join(original), self.into.join(path));
            self.parents(&to)?;
            fs::copy(&from, &to).map_err(|error| Refusal::Unwritable(to, error))?;
        }
        let is_under_link = |path: &Path| path.ancestors().skip(1).any(|above| self.links.contains_key(above));
        for (path, target) in &self.links {
            if is_under_link(path) || follow(&self.links, path, 1).is_none() {
                return Err(outside("the link", path, target));
            }
            let to = self.into.join(path);
            self.parents(&to)?;
            symlink(target, &to).map_err(|error| Refusal::Unwritable(to, error))?;
        }
        Ok(self.top)
    }

    fn member(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<(), Refusal> {
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader) {
            return Ok(());
        }
        let name = entry.path()?.into_owned();
        let path = inside(&name).ok_or_else(|| outside("the member", &name, &name))?;
        self.members += 1;
        self.bytes = self.bytes.saturating_add(entry.size());
        if self.members > MOST_MEMBERS || self.bytes > MOST_BYTES {
            return Err(Refusal::Dangerous("it holds more than any package does".into()));
        }
        let Some(first) = path.components().next() else { return Ok(()) };
        self.top.insert(first.as_os_str().to_owned());
        if path.ancestors().any(|above| self.links.contains_key(above)) {
            return Err(Refusal::Dangerous(format!("the member `{}` lies behind a link", name.display())));
        }
        let to = self.into.join(&path);
        match kind {
            EntryType::Directory => fs::create_dir_all(&to).map_err(|error| Refusal::Unwritable(to, error)),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => self.file(entry, &to),
            EntryType::Symlink => {
                let target = entry.link_name()?.unwrap_or_default().into_owned();
                if to.symlink_metadata().is_ok() {
                    return Err(Refusal::Dangerous(format!("`{}` is in it twice", name.display())));
                }
                self.links.insert(path, target);
                Ok(())
            }
            EntryType::Link => {
                let target = entry.link_name()?.unwrap_or_default().into_owned();
                let original = inside(&target).filter(|original| self.into.join(original).is_file());
                self.copies.push((path, original.ok_or_else(|| outside("the link", &name, &target))?));
                Ok(())
            }
            _ => Err(Refusal::Dangerous(format!("the member `{}` is neither a file nor a folder", name.display()))),
        }
    }

    fn file(&self, entry: &mut impl Read, to: &Path) -> Result<(), Refusal> {
        self.parents(to)?;
        let mut file = File::create(to).map_err(|error| Refusal::Unwritable(to.to_owned(), error))?;
        io::copy(entry, &mut file)?;
        Ok(())
    }

    fn parents(&self, to: &Path) -> Result<(), Refusal> {
        let folder = to.parent().unwrap_or(self.into);
        fs::create_dir_all(folder).map_err(|error| Refusal::Unwritable(folder.to_owned(), error))
    }
}

fn outside(what: &str, name: &Path, target: &Path) -> Refusal {
    let to = if name == target { String::new() } else { format!(", to `{}`,", target.display()) };
    Refusal::Dangerous(format!("{what} `{}`{to} leads out of its folder", name.display()))
}

/// The path without `.`; nothing if it has `..`, a root or a drive.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    // A backslash is a separator elsewhere.
    (!clean.to_string_lossy().contains('\\')).then_some(clean)
}

/// Where a path leads when all links on its way are followed; nothing if it never ends, or rises above `depth` folders: 1 where
/// the top holds one folder, which will be renamed.
pub(super) fn follow(links: &BTreeMap<PathBuf, PathBuf>, path: &Path, depth: usize) -> Option<PathBuf> {
    let mut pending: Vec<OsString> = path.iter().rev().map(OsString::from).collect();
    let mut reached = PathBuf::new();
    let mut followed = 0;
    while let Some(part) = pending.pop() {
        match Path::new(&part).components().next() {
            Some(Component::CurDir) | None => continue,
            Some(Component::ParentDir) => {
                if !reached.pop() || reached.components().count() < depth {
                    return None;
                }
                continue;
            }
            Some(Component::Normal(name)) => reached.push(name),
            Some(Component::RootDir | Component::Prefix(_)) => return None,
        }
        if let Some(target) = links.get(&reached) {
            followed += 1;
            if followed > MOST_LINKS || target.as_os_str().is_empty() {
                return None;
            }
            reached.pop();
            pending.extend(target.iter().rev().map(OsString::from));
        }
    }
    Some(reached)
}

#[cfg(unix)]
pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    let whole = link.parent().map_or_else(|| target.to_owned(), |folder| folder.join(target));
    if whole.is_dir() {
        std::os::windows::fs::symlink_dir(target, link)
    } else {
        std::os::windows::fs::symlink_file(target, link)
    }
}

#[cfg(not(any(unix, windows)))]
pub(super) fn symlink(_target: &Path, _link: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use tar::{Builder, Header};

    use super::*;

    enum Member<'a> {
        File(&'a str),
        Link(&'a str, &'a str),
        Hard(&'a str, &'a str),
        Pipe(&'a str),
    }

    /// An archive with these names as they are: `Builder` itself would refuse some.
    fn archive(members: &[Member<'_>]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for member in members {
            let (name, kind, target, content) = match member {
                Member::File(name) => (name, EntryType::Regular, "", "hello"),
                Member::Link(name, target) => (name, EntryType::Symlink, *target, ""),
                Member::Hard(name, target) => (name, EntryType::Link, *target, ""),
                Member::Pipe(name) => (name, EntryType::Fifo, "", ""),
            };
            let mut header = Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn try_unpack(members: &[Member<'_>]) -> Result<tempfile::TempDir, Refusal> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar");
        fs::write(&path, archive(members)).unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        unpack(&path, &folder.path().join("in")).map(|_| folder)
    }

    #[test]
    fn files_and_links_that_stay_inside_are_unpacked() {
        let folder = try_unpack(&[
            Member::File("p/dbt_project.yml"),
            Member::File("p/models/a.sql"),
            Member::Link("p/models/b.sql", "a.sql"),
            Member::Link("p/other", "models/../models"),
            Member::Hard("p/c.sql", "p/models/a.sql"),
            Member::Link("p/dangling", "not/there"),
        ])
        .unwrap();
        let read = |path: &str| fs::read_to_string(folder.path().join("in/p").join(path)).unwrap();
        for path in ["models/a.sql", "models/b.sql", "other/a.sql", "c.sql"] {
            assert_eq!(read(path), "hello", "{path}");
        }
    }

    #[test]
    fn members_that_reach_out_are_refused() {
        use Member::{File, Hard, Link, Pipe};
        let cases: &[&[Member<'_>]] = &[
            &[File("../evil")],
            &[File("p/../../evil")],
            &[File("/etc/evil")],
            &[File("p/..\\..\\evil")],
            &[Link("p/l", "/etc")],
            &[Link("p/l", "../../etc")],
            &[Link("p/l", "../another_package")],
            &[Link("p/l", "../p/../../x")],
            &[Link("p/l", ".."), File("p/l/evil")],
            &[Link("p/l", "m"), Link("p/m", "../../x")],
            // The first link leads up to the top, so that the second, harmless by its letters, leaves it.
            &[File("p/a/b/f"), Link("p/a/b/s", "../.."), Link("p/l", "a/b/s/../x")],
            &[Link("p/s", "."), Link("p/s/l", "../x")],
            &[Link("p/x", "y"), Link("p/y", "x")],
            &[Hard("p/l", "/etc/passwd")],
            &[Hard("p/l", "../x")],
            &[Pipe("p/pipe")],
        ];
        for (at, members) in cases.iter().enumerate() {
            assert!(matches!(try_unpack(members), Err(Refusal::Dangerous(_))), "case {at}");
        }
    }

    #[test]
    fn a_cut_archive_is_unreadable() {
        let folder = tempfile::tempdir().unwrap();
        let whole = archive(&[Member::File("p/a")]);
        fs::write(folder.path().join("x.tar"), &whole[..700]).unwrap();
        assert!(matches!(unpack(&folder.path().join("x.tar"), folder.path()), Err(Refusal::Unreadable(_)) | Ok(_)));
        fs::write(folder.path().join("y.tar"), [0x1f, 0x8b, 0, 0]).unwrap();
        assert!(matches!(unpack(&folder.path().join("y.tar"), folder.path()), Err(Refusal::Unreadable(_))));
    }
}
