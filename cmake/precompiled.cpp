// SPDX-License-Identifier: Apache-2.0
// Nothing: CMake hangs precompiled headers on a target, which needs a source.
