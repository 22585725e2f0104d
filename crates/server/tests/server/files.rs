//! Files that the store keeps.

use taskwright_server::clock::now_ms;
use taskwright_server::store::{Acceptance, FileSource, NewFile, NewTask, Store, StoredFile};

use crate::support::new_execution;

fn open() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    (directory, store)
}

async fn put(store: &Store, execution: Option<&str>, name: &str) -> Option<StoredFile> {
    let mut bytes = store.receive().await.unwrap();
    bytes.write(b"one ").await.unwrap();
    bytes.write(b"two").await.unwrap();
    let file = NewFile {
        execution: execution.map(str::to_owned),
        organization_id: "org".to_owned(),
        name: name.to_owned(),
        mime: "text/plain".to_owned(),
        source: FileSource::Upload,
    };
    store.add_file(file, bytes).await.unwrap()
}

fn with_file(id: &str, file: &str) -> NewTask {
    let mut task = new_execution(id);
    task.execution.as_mut().unwrap().files = vec![file.to_owned()];
    task
}

fn on_disk(directory: &tempfile::TempDir) -> usize {
    std::fs::read_dir(directory.path().join("files")).unwrap().count()
}

#[tokio::test]
async fn a_staged_file_becomes_that_of_one_execution_and_goes_with_it() {
    let (directory, store) = open();
    let staged = put(&store, None, "../a.txt").await.unwrap();
    assert_eq!((staged.size, staged.execution.as_deref()), (7, None));
    assert!(staged.expires_ms.unwrap() > now_ms() + 59 * 60 * 1000);
    assert_eq!(std::fs::read(store.path_of(&staged)).unwrap(), b"one two");
    assert_eq!(store.accept(with_file("e", &staged.id), 10).await.unwrap(), Acceptance::New);
    let again = store.accept(with_file("f", &staged.id), 10).await.unwrap();
    assert_eq!(again, Acceptance::NoSuchFile(staged.id.clone()));
    assert_eq!(store.execution("f").await.unwrap(), None, "nothing of it is left");
    let files = store.files_of("e").await.unwrap().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!((files[0].execution.as_deref(), files[0].expires_ms), (Some("e"), None));
    let direct = put(&store, Some("e"), "b.txt").await.unwrap();
    assert_eq!(store.file(&direct.id).await.unwrap(), Some(direct.clone()));
    let added = store.activities("e", true, Some(1)).await.unwrap().unwrap().remove(0);
    assert_eq!((added.kind.as_str(), &added.body["fileName"]), ("file_added", &"b.txt".into()));
    assert_eq!(added.body["fileSize"], 7);

    let copies = store.stage_uploads_of("e").await.unwrap().unwrap();
    assert_eq!(store.stage_uploads_of("nobody").await.unwrap(), None);
    let copy = store.file(&copies[1]).await.unwrap().unwrap();
    assert_eq!((copies.len(), copy.name.as_str(), copy.execution.as_deref()), (2, "b.txt", None));

    store.claim().await.unwrap();
    store.end_task("e", Err("no".to_owned())).await.unwrap();
    assert_eq!(on_disk(&directory), 4);
    store.prune_tasks(now_ms() + 1, 10).await.unwrap();
    assert_eq!(on_disk(&directory), 2);
    assert_eq!(std::fs::read(store.path_of(&copy)).unwrap(), b"one two", "the copies are files of their own");
    assert_eq!(store.prune_files().await.unwrap(), 0, "their time is not over");
    assert_eq!(store.file(&direct.id).await.unwrap(), None);
}

#[tokio::test]
async fn bytes_that_nobody_kept_are_gone() {
    let (directory, store) = open();
    let mut bytes = store.receive().await.unwrap();
    bytes.write(b"half").await.unwrap();
    assert_eq!(on_disk(&directory), 1);
    drop(bytes);
    assert_eq!(on_disk(&directory), 0);
    assert_eq!(put(&store, Some("nobody"), "a").await, None);
    assert_eq!(on_disk(&directory), 0);
    // What a dead server left is removed at the next start.
    drop(store);
    let files = directory.path().join("files");
    std::fs::write(files.join(".part-1"), "x").unwrap();
    std::fs::write(files.join("unknown"), "x").unwrap();
    let _store = loop {
        match Store::open(directory.path()) {
            Ok(store) => break store,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    };
    assert_eq!(on_disk(&directory), 0);
}
