/** @internal What a runtime with files can do. Paths are the user's. */
export interface FileSystem {
  /** The file's own name and its bytes, read when they are needed; `undefined` when there is no such file. */
  open(path: string): Promise<{ name: string; blob: Blob } | undefined>;
  /** The file that `path` means for something named `name`; `undefined` when that would lie outside the folder. */
  target(path: string, name: string, createFolders: boolean): Promise<string | undefined>;
  /** Writes all of `body`, or nothing. */
  write(path: string, body: ReadableStream<Uint8Array>): Promise<void>;
}

let load: (() => Promise<FileSystem>) | undefined;

/** @internal Tells how this runtime comes by its files; called by the entries for runtimes that have some. */
export function setFileSystem(loader: () => Promise<FileSystem>): void {
  load = loader;
}

/** @internal The files of this runtime; `undefined` where there are none. */
export async function fileSystem(): Promise<FileSystem | undefined> {
  return await load?.();
}
