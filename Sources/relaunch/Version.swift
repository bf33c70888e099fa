/// The version of this program: the one place where it is written. `scripts/release` reads it from this line.
let relaunchVersion = "0.1.0"
