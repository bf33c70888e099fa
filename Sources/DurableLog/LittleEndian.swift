/// Fields of the format in byte arrays, little-endian. The caller has checked the bounds.
extension [UInt8] {
  func field<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type = Value.self) -> Value {
    unsafe withUnsafeBytes { unsafe Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
  }

  mutating func setField<Value: FixedWidthInteger>(_ offset: Int, _ value: Value) {
    unsafe withUnsafeMutableBytes { unsafe $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self) }
  }
}
