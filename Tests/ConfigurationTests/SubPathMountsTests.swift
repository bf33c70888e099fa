import Configuration
import Testing

struct SubPathMountsTests {
  /// As a container sees a ConfigMap that is mounted whole, one of which a file is mounted, and one with a blank in its name.
  private static let table = """
    2101 2090 0:43 / / rw,relatime - overlay overlay rw
    2110 2101 254:1 /var/lib/kubelet/pods/1/volumes/kubernetes.io~configmap/rules /etc/relaunch/rules ro,relatime - ext4 /dev/vda1 rw
    2111 2101 254:1 /var/lib/kubelet/pods/1/volume-subpaths/mapping/relaunch/0 /etc/relaunch/mapping/cache.json ro - ext4 /dev/vda1 rw
    2112 2101 254:1 /x /etc/relaunch/mapping/my\\040map ro - ext4 /dev/vda1 rw
    2113 2101 254:1 /x /etc/relaunch/mapping/deeper/file ro - ext4 /dev/vda1 rw
    short line

    """

  @Test(arguments: [
    ("/etc/relaunch/rules", []), ("/etc/relaunch/mapping", ["cache.json", "my map"]),
    ("/etc/relaunch/mapping/", ["cache.json", "my map"]),
    ("/etc/relaunch/map", []), ("/etc", []),
  ])
  func namesFilesThatAreMounted(directory: String, names: [String]) {
    #expect(SubPathMounts.names(in: directory, table: Self.table) == names)
  }

  @Test(arguments: ["\\", "\\0", "\\777", "1 2 3 4 \\", ""]) func takesAnyTable(table: String) {
    #expect(SubPathMounts.names(in: "/", table: table) == [])
  }
}
