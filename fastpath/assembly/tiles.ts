/** How rows of convolutions are divided into tiles. */

/** Tiles of six, of at least 12 rows. One less where one or two would be left: seven and eight are two tiles of four. */
@inline
export function sixesOf(rows: i32): i32 {
  if (rows < 12) return 0;
  const left = rows % 6;
  return rows / 6 - i32(left == 1 || left == 2);
}
