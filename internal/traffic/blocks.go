package traffic

import (
	"encoding/binary"
	"unsafe"
)

const (
	// blockSize is that of one block, in bytes: an ordinary Redis command fits into one,
	// with its slot.
	blockSize = 256
	// blockHead is the number of the next block of a chain, and what aligns the rest.
	blockHead = 8
)

// blocks is a memory of a fixed number of blocks, which are used again and again. It lies
// outside of the heap, so that the garbage collector neither scans it nor lets the heap
// grow by as much again. Block 0 is none.
type blocks struct {
	mem []byte
	// fresh is the first block that was never used, free the first that is not any more.
	fresh, free uint32
	used, most  int
}

func newBlocks(size int64) *blocks {
	n := max(2, size/blockSize)
	return &blocks{mem: reserve(int(n) * blockSize), fresh: 1, most: int(n) - 1}
}

func (b *blocks) block(n uint32) []byte {
	at := int(n) * blockSize
	return b.mem[at : at+blockSize : at+blockSize]
}

func (b *blocks) next(n uint32) uint32        { return binary.LittleEndian.Uint32(b.block(n)) }
func (b *blocks) setNext(n uint32, to uint32) { binary.LittleEndian.PutUint32(b.block(n), to) }

// slot is the beginning of the first block of an exchange.
func (b *blocks) slot(n uint32) *slot {
	return (*slot)(unsafe.Pointer(unsafe.SliceData(b.block(n)[blockHead:])))
}

// left is how many blocks can be had.
func (b *blocks) left() int { return b.most - b.used }

// take returns a block, which the caller has seen to be left.
func (b *blocks) take() uint32 {
	n := b.free
	if n != 0 {
		b.free = b.next(n)
	} else {
		n = b.fresh
		b.fresh++
	}
	b.used++
	b.setNext(n, 0)
	return n
}

// release gives back the chain that begins with n; 0 is none.
func (b *blocks) release(n uint32) {
	for n != 0 {
		next := b.next(n)
		b.setNext(n, b.free)
		b.free = n
		b.used--
		n = next
	}
}

// chain is a place in a chain of blocks behind which something can be written or read.
type chain struct {
	block uint32
	// at is where in the block, in bytes.
	at uint32
}

// blocksFor is how many blocks size bytes take behind c.
func (b *blocks) blocksFor(c chain, size int) int {
	room := 0
	if c.block != 0 {
		room = int(blockSize - c.at)
	}
	const each = blockSize - blockHead
	return (max(0, size-room) + each - 1) / each
}

// write appends data behind c, and returns the place behind that. It reuses the blocks
// that the chain already has. The caller has seen to it that blocksFor are left.
func (b *blocks) write(c chain, data []byte) chain {
	for len(data) > 0 {
		if c.block == 0 || c.at == blockSize {
			c = b.extend(c)
		}
		n := copy(b.block(c.block)[c.at:], data)
		data, c.at = data[n:], c.at+uint32(n)
	}
	return c
}

func (b *blocks) extend(c chain) chain {
	if c.block != 0 {
		if next := b.next(c.block); next != 0 {
			return chain{next, blockHead}
		}
	}
	n := b.take()
	if c.block != 0 {
		b.setNext(c.block, n)
	}
	return chain{n, blockHead}
}

// read returns size bytes from c on.
func (b *blocks) read(c chain, size int) []byte {
	out := make([]byte, 0, size)
	for len(out) < size && c.block != 0 {
		part := b.block(c.block)[c.at:]
		out = append(out, part[:min(len(part), size-len(out))]...)
		c = chain{b.next(c.block), blockHead}
	}
	return out
}

// clear forgets everything, and gives the memory back to the system.
func (b *blocks) clear() {
	giveBack(b.mem)
	b.fresh, b.free, b.used = 1, 0, 0
}
