using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyTitle("GhostHands.Core")]
[assembly: AssemblyDescription("A client of a GhostHands room, without an engine")]
[assembly: AssemblyVersion("0.1.0.0")]
[assembly: InternalsVisibleTo("GhostHands.Tests")]
