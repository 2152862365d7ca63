import CLinux
import Testing

@testable import Platform

@Suite("Files and their locks")
final class FileTests {
    let folder = "/tmp/quittance-files-" + Hex.encode(SystemEntropy().bytes(8))
    var made: [String] = []

    init() throws { try Files.makeFolder(folder) }

    deinit {
        for path in made.reversed() { unsafe remove(path) }
        unsafe rmdir(folder)
    }

    func path(_ name: String) -> String {
        made.append(folder + "/" + name)
        return folder + "/" + name
    }

    func mode(_ path: String) -> UInt32 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test("What is written is read back whole, replaced whole, and only for its owner", arguments: [
        0, 1, 65_536, 200_000,
    ])
    func roundTrip(_ size: Int) throws {
        let file = path("data"), bytes = SeededEntropy(seed: 4).bytes(size)
        try Files.write([1, 2, 3], to: file)
        try Files.write(bytes, to: file)
        #expect(try Files.read(file, maxBytes: size) == bytes)
        #expect(mode(file) == 0o600 && mode(folder) == 0o700)
        // Nothing but the file is left in the folder.
        made.removeAll()
        unsafe #expect(unlink(file) == 0 && rmdir(folder) == 0)
    }

    @Test("A file over the limit is refused, and the bound itself is not")
    func limit() throws {
        let file = path("big")
        try Files.write([UInt8](repeating: 7, count: 100), to: file)
        #expect(try Files.read(file, maxBytes: 100).count == 100)
        #expect { try Files.read(file, maxBytes: 99) } throws: { ($0 as? FileError)?.number == EFBIG }
    }

    @Test("What is not there is told by its name and reason")
    func missing() throws {
        let absent = folder + "/absent"
        #expect { try Files.read(absent, maxBytes: 1) } throws: { error in
            (error as? FileError)?.isNotFound == true && "\(error)" == "open \(absent): No such file or directory"
        }
        #expect(throws: FileError.self) { try Files.write([1], to: absent + "/x") }
        #expect(throws: FileError.self) { try Files.read(folder + "/a\0b", maxBytes: 1) }
        #expect(!Files.exists(absent) && Files.exists(folder) && Files.isFolder(folder) && !Files.isFolder(absent))
        try Files.remove(absent)
    }

    @Test("Folders are made with those above them; one that is there stays; a file in the way is told")
    func folders() throws {
        let outer = path("a"), inner = path("a/b"), file = path("a/b/file")
        try Files.makeFolder(inner + "/")
        try Files.makeFolder(inner)
        #expect(mode(outer) == 0o700 && mode(inner) == 0o700)
        try Files.write([], to: file)
        #expect(throws: FileError.self) { try Files.makeFolder(file) }
        #expect(throws: FileError.self) { try Files.makeFolder(file + "/deeper") }
        #expect(throws: FileError.self) { try Files.makeFolder("") }
    }

    @Test("A folder has one holder at a time")
    func lock() throws {
        _ = path("lock")
        var first: FileLock? = try FileLock(folder: folder)
        #expect { try FileLock(folder: self.folder) } throws: { ($0 as? FileError)?.isHeld == true }
        #expect(first != nil)
        // A child that has been forked and runs nothing of its own yet has the same open file.
        let copy = dup(try #require(first).file.descriptor)
        first = nil
        let second = try FileLock(folder: folder)
        #expect { try FileLock(folder: self.folder) } throws: { ($0 as? FileError)?.isHeld == true }
        withExtendedLifetime(second) {}
        close(copy)
        #expect { try FileLock(folder: self.folder + "/none") } throws: { ($0 as? FileError)?.isNotFound == true }
    }
}
